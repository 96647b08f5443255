//! The address that a request comes from: it says from where somebody asks, and not who.

/// Members of requests and of their headers, with nothing but letters.
const NETWORK: [&str; 13] = [
    "ip",
    "ips",
    "remoteaddr",
    "remoteaddress",
    "remotehost",
    "remoteip",
    "xforwardedfor",
    "httpxforwardedfor",
    "xrealip",
    "xclientip",
    "cfconnectingip",
    "trueclientip",
    "fastlyclientip",
];

/// Functions of packages that give it.
const GIVES: [&str; 8] = [
    "getclientip",
    "clientip",
    "getip",
    "getipaddress",
    "getremoteaddress",
    "getremoteaddr",
    "getipfromrequest",
    "getuserip",
];

fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a member of a request, or a header, holds it.
pub(super) fn is(name: &str) -> bool {
    NETWORK.contains(&plain(name).as_str())
}

/// Whether a function gives it.
pub(super) fn gives(name: &str) -> bool {
    GIVES.contains(&plain(name).as_str())
}
