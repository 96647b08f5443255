//! Objects of Kubernetes: what containers may become, and which traffic is held back.

use crate::MAX_BYTES;
use casemate_ir::Span;
use casemate_lang_openapi::yaml::{Node, Value, read_all};

/// What a file of objects says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Objects {
    /// Containers that are let out of their box, each where that is said.
    pub released: Vec<Released>,
    /// Rules of network policies that hold nobody back.
    pub unused: Vec<Unused>,
    /// How many containers and network policies there are.
    pub read: usize,
}

/// A container that is let out of its box.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Released {
    /// Its name.
    pub container: String,
    /// The setting.
    pub setting: &'static str,
    /// Where.
    pub place: Span,
}

/// Rules for a direction that the policy says it is not about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unused {
    /// The policy's name.
    pub policy: String,
    /// `Egress` or `Ingress`.
    pub direction: &'static str,
    /// Where the directions are listed.
    pub place: Span,
}

/// Reads the objects; templates that are no YAML yet have none.
#[must_use]
pub fn read(text: &str) -> Objects {
    let mut objects = Objects::default();
    if text.len() > MAX_BYTES {
        return objects;
    }
    for document in read_all(text).unwrap_or_default() {
        objects.add(&document);
    }
    objects
}

impl Objects {
    fn add(&mut self, object: &Node) {
        let kind = object.get("kind").and_then(Node::text).unwrap_or_default();
        let inner = |path: &[&str]| path.iter().try_fold(object, |node, key| node.get(key));
        match kind {
            "List" => {
                for item in inner(&["items"]).map_or(&[][..], Node::items) {
                    self.add_item(item);
                }
            }
            "NetworkPolicy" => self.policy(object),
            _ => {
                let path: &[&str] = match kind {
                    "Pod" => &["spec"],
                    "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
                    "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => {
                        &["spec", "template", "spec"]
                    }
                    _ => return,
                };
                if let Some(pod) = inner(path) {
                    self.pod(pod);
                }
            }
        }
    }

    /// Lists do not nest.
    fn add_item(&mut self, item: &Node) {
        if item.get("kind").and_then(Node::text) != Some("List") {
            self.add(item);
        }
    }

    fn pod(&mut self, pod: &Node) {
        for list in ["containers", "initContainers"] {
            for container in pod.get(list).map_or(&[][..], Node::items) {
                self.read += 1;
                self.container(container);
            }
        }
    }

    fn container(&mut self, container: &Node) {
        let name = container.get("name").and_then(Node::text);
        let Some(context) = container.get("securityContext") else {
            return;
        };
        let on = |key: &'static str| {
            let value = context.get(key)?;
            is_true(value).then_some((key, value.span))
        };
        let everything = context
            .get("capabilities")
            .and_then(|capabilities| capabilities.get("add"))
            .map_or(&[][..], Node::items)
            .iter()
            .find(|name| matches!(name.text(), Some("ALL" | "SYS_ADMIN" | "CAP_SYS_ADMIN")))
            .map(|name| ("capabilities", name.span));
        if let Some((setting, place)) = on("privileged")
            .or_else(|| on("allowPrivilegeEscalation"))
            .or(everything)
        {
            self.released.push(Released {
                container: name.unwrap_or("a container").to_owned(),
                setting,
                place,
            });
        }
    }

    fn policy(&mut self, object: &Node) {
        self.read += 1;
        let (Some(spec), Some(name)) = (object.get("spec"), object.get("metadata")) else {
            return;
        };
        let name = name.get("name").and_then(Node::text).unwrap_or("a policy");
        let Some(types) = spec.get("policyTypes") else {
            return;
        };
        for (direction, key) in [("Egress", "egress"), ("Ingress", "ingress")] {
            let listed = types
                .items()
                .iter()
                .any(|item| item.text() == Some(direction));
            let rules = spec.get(key).map_or(&[][..], Node::items);
            if !listed && !rules.is_empty() {
                let place = types.items().first().map_or(types.span, |item| item.span);
                self.unused.push(Unused {
                    policy: name.to_owned(),
                    direction,
                    place,
                });
            }
        }
    }
}

fn is_true(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar { text, plain: true } if text == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(context: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nspec: {{}}\n---\napiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n        - name: api\n          securityContext: {context}\n"
        )
    }

    #[test]
    fn containers_out_of_their_box() {
        for (context, setting) in [
            ("{ privileged: true }", Some("privileged")),
            (
                "{ allowPrivilegeEscalation: true }",
                Some("allowPrivilegeEscalation"),
            ),
            (
                "{ capabilities: { add: [NET_ADMIN, SYS_ADMIN] } }",
                Some("capabilities"),
            ),
            (
                "{ allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }",
                None,
            ),
            ("{ privileged: \"true\" }", None),
            ("{}", None),
        ] {
            let objects = read(&pod(context));
            let settings: Vec<&str> = objects.released.iter().map(|r| r.setting).collect();
            assert_eq!(
                settings,
                setting.into_iter().collect::<Vec<_>>(),
                "{context}"
            );
            assert_eq!(objects.read, 1);
        }
    }

    #[test]
    fn places_are_of_their_own_document() {
        let text = pod("{ privileged: true }");
        let place = read(&text).released[0].place;
        assert_eq!(&text[place.start as usize..place.end as usize], "true");
    }

    #[test]
    fn rules_without_their_direction() {
        let policy = |types: &str, rules: &str| {
            let text =
                format!("kind: NetworkPolicy\nmetadata: {{ name: x }}\nspec:\n{types}{rules}");
            read(&text)
                .unused
                .iter()
                .map(|u| u.direction)
                .collect::<Vec<_>>()
        };
        let rules = "  egress:\n    - ports: [{ port: 53 }]\n";
        assert_eq!(policy("  policyTypes: [Ingress]\n", rules), ["Egress"]);
        assert!(policy("  policyTypes: [Ingress, Egress]\n", rules).is_empty());
        assert!(policy("", rules).is_empty());
        assert!(policy("  policyTypes: [Ingress]\n", "  egress: []\n").is_empty());
    }

    #[test]
    fn nothing_is_too_odd() {
        for text in [
            "",
            "{{ if }}",
            "kind: List\nitems: [{kind: List, items: []}]",
            "kind: Pod\nspec: 1",
        ] {
            assert_eq!(read(text), Objects::default(), "{text}");
        }
    }
}
