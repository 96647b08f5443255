//! What a value depends on of who asks, of what the client says and of where it says it.

use super::super::names::Names;

/// What a value depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Roots {
    /// On who is known to ask.
    pub principal: bool,
    /// On which of them it is, and not only on what they prefer: a language, a currency.
    pub identity: bool,
    /// On what proves once more who they are: the hash of their password, the secret of their second factor.
    pub proof: bool,
    /// On something about them: a role, a permission.
    pub attribute: bool,
    /// The same, beyond what only looks the account up: `User.query.filter_by(id=uid).first()`.
    pub beyond: bool,
    /// On whether there is one among several things that belong to them, none of which names a role: the first team of an account.
    pub picked: bool,
    /// On the state of their account: whether it is banned, confirmed, active.
    pub state: bool,
    /// On a credential that the client shows.
    pub credential: bool,
    /// On a credential that is called a secret, a token, a key, a signature.
    pub secret: bool,
    /// On what the client says.
    pub client: bool,
    /// On where the request says that it comes from.
    pub origin: bool,
    /// On the address that it comes from.
    pub network: bool,
    /// On a token against forged requests.
    pub csrf: bool,
    /// On how the program is configured.
    pub setting: bool,
    /// Through what hashes, or through a function of which nothing is known: it may.
    pub hashed: bool,
    /// Through the result of a call, or through what a callback is given.
    pub called: bool,
    /// Through what a callback is given.
    pub given: bool,
    /// Under which names the client says it.
    pub names: Names,
}

impl Roots {
    /// Whether it depends on anything that tells who asks.
    pub(crate) fn tells_who(self) -> bool {
        self.principal || self.credential
    }

    /// Whether it depends on nothing of who asks but what proves it, and on nothing of the request but such a proof.
    pub(crate) fn only_proves(self) -> bool {
        self.proof && !self.identity && (!self.client || self.names.only_proofs())
    }

    /// What depends on this or on another value.
    pub(crate) fn and(self, other: Self) -> Self {
        let mut names = self.names;
        names.add(other.names);
        Self {
            principal: self.principal || other.principal,
            identity: self.identity || other.identity,
            proof: self.proof || other.proof,
            attribute: self.attribute || other.attribute,
            beyond: self.beyond || other.beyond,
            picked: self.picked || other.picked,
            state: self.state || other.state,
            credential: self.credential || other.credential,
            secret: self.secret || other.secret,
            client: self.client || other.client,
            origin: self.origin || other.origin,
            network: self.network || other.network,
            csrf: self.csrf || other.csrf,
            setting: self.setting || other.setting,
            hashed: self.hashed || other.hashed,
            called: self.called || other.called,
            given: self.given || other.given,
            names,
        }
    }
}
