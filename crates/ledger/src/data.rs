//! What data is called: the names of members that tell a class of data.

use casemate_say::mark;
use std::collections::BTreeMap;

/// By name: the class that the owner says it holds; `None`: nothing that deserves protection.
pub type Stated = BTreeMap<String, Option<Class>>;

/// A class of data that deserves protection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// Passwords, keys and tokens.
    Credentials,
    /// About a person.
    Personal,
    /// Cards and accounts.
    Payment,
    /// About somebody's health.
    Health,
}

impl Class {
    /// All, in order.
    pub const ALL: [Self; 4] = [
        Self::Credentials,
        Self::Personal,
        Self::Payment,
        Self::Health,
    ];

    /// As a noun.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Personal => mark!("personal data"),
            Self::Payment => mark!("payment data"),
            Self::Health => mark!("health data"),
        }
    }

    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Credentials => &[
                "password",
                "passwd",
                "passphrase",
                "pwd",
                "passwordhash",
                "hashedpassword",
                "encryptedpassword",
                "secret",
                "clientsecret",
                "apikey",
                "accesstoken",
                "refreshtoken",
                "resettoken",
                "privatekey",
                "otpsecret",
                "totpsecret",
                "mfasecret",
                "recoverycode",
                "recoverycodes",
            ],
            Self::Personal => &[
                "email",
                "emailaddress",
                "mail",
                "phone",
                "phonenumber",
                "mobile",
                "firstname",
                "lastname",
                "fullname",
                "surname",
                "dob",
                "dateofbirth",
                "birthdate",
                "birthday",
                "ssn",
                "socialsecuritynumber",
                "nationalid",
                "passportnumber",
                "taxid",
                "street",
                "postcode",
                "postalcode",
                "zipcode",
                "homeaddress",
                "gender",
                "ipaddress",
            ],
            Self::Payment => &[
                "cardnumber",
                "creditcard",
                "creditcardnumber",
                "cvv",
                "cvc",
                "iban",
                "bankacc",
                "bankaccount",
                "bankrouting",
                "accountnumber",
                "routingnumber",
                "sortcode",
                "paymentmethod",
            ],
            Self::Health => &[
                "diagnosis",
                "medicalrecord",
                "medication",
                "allergies",
                "bloodtype",
                "healthrecord",
                "prescription",
                "patient",
                "patientid",
            ],
        }
    }
}

/// The class that a name tells; `first_name`, `firstName` and `FirstName` are one name.
#[must_use]
pub fn class_of(name: &str) -> Option<Class> {
    if name.len() > 40 {
        return None;
    }
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    Class::ALL
        .into_iter()
        .find(|class| class.words().contains(&plain.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_classes() {
        assert_eq!(class_of("first_name"), Some(Class::Personal));
        assert_eq!(class_of("passwordHash"), Some(Class::Credentials));
        assert_eq!(class_of("bankAcc"), Some(Class::Payment));
        assert_eq!(class_of("name"), None);
    }
}
