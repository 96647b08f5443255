//! The names under which a client says things.

/// Names that programs use most for what a client says: each has a bit of its own.
const COMMON: [&str; 60] = [
    "id",
    "pk",
    "uuid",
    "key",
    "name",
    "slug",
    "email",
    "type",
    "code",
    "token",
    "user",
    "userid",
    "username",
    "uid",
    "owner",
    "ownerid",
    "accountid",
    "customerid",
    "memberid",
    "teamid",
    "team",
    "orgid",
    "organizationid",
    "organisationid",
    "organization",
    "workspaceid",
    "workspace",
    "workspaceslug",
    "projectid",
    "project",
    "tenantid",
    "groupid",
    "group",
    "roleid",
    "role",
    "status",
    "title",
    "text",
    "body",
    "data",
    "query",
    "page",
    "limit",
    "path",
    "url",
    "file",
    "fileid",
    "filename",
    "password",
    "postid",
    "itemid",
    "orderid",
    "documentid",
    "taskid",
    "parentid",
    "ids",
    "otp",
    "totp",
    "oldpassword",
    "currentpassword",
];

/// Those of them under which a client proves who it is.
const PROOFS: [&str; 6] = [
    "code",
    "password",
    "otp",
    "totp",
    "oldpassword",
    "currentpassword",
];

/// Bits that all other names share.
const SHARED: u64 = 127 - COMMON.len() as u64;

/// Names, as bits: two names may share one, so that what is not in is certainly not in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Names(u128);

impl Names {
    /// One name, in whatever way it is written.
    pub(crate) fn of(name: &str) -> Self {
        let letters = || {
            let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
            letters.map(|letter| letter.to_ascii_lowercase())
        };
        if let Some(common) = COMMON.iter().position(|known| letters().eq(known.bytes())) {
            return Self(1 << common);
        }
        let hash = letters().fold(0xcbf2_9ce4_8422_2325_u64, |hash, letter| {
            (hash ^ u64::from(letter)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(1 << (COMMON.len() as u64 + hash % SHARED))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// There is more than one.
    pub(crate) fn several(self) -> bool {
        self.0.count_ones() > 1
    }

    /// Each of them.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        (0..128)
            .map(move |bit| Self(self.0 & (1 << bit)))
            .filter(|name| !name.is_empty())
    }

    /// Some name may be in both.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// All of them are names of what proves who asks.
    pub(crate) fn only_proofs(self) -> bool {
        let mut proofs = Self::default();
        for name in PROOFS {
            proofs.add(Self::of(name));
        }
        !self.is_empty() && self.0 & !proofs.0 == 0
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
