//! Names of activations and losses, as model files and the command line have them.

/// A name that no activation or loss has; the message lists those that exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{found}`; there are {known}")]
pub struct UnknownName {
    pub(crate) what: &'static str,
    pub(crate) found: String,
    pub(crate) known: String,
}

/// `Display` and `FromStr` by name, for a type with `ALL` and `name`.
macro_rules! named {
    ($type:ident, $what:literal) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::UnknownName;

            fn from_str(name: &str) -> Result<Self, crate::UnknownName> {
                let (found, known) = (name.to_owned(), $type::ALL.map($type::name).join(", "));
                let unknown = crate::UnknownName { what: $what, found, known };
                $type::ALL.into_iter().find(|one| one.name() == name).ok_or(unknown)
            }
        }
    };
}
pub(crate) use named;
