//! Closed vocabularies: an enum, its code in files and API, and its words in documents and on pages, in one table each.

/// Declares a fieldless enum with a code (files, API, log) and words (documents, pages) for every variant.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $words:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant,)+ }
        impl $name {
            /// Every member, in the order of the vocabulary.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The code in files, API and log.
            pub fn code(self) -> &'static str { match self { $($name::$variant => $code),+ } }
            /// The words in documents and on pages.
            pub fn words(self) -> &'static str { match self { $($name::$variant => $words),+ } }
            /// The member with this code.
            pub fn from_code(code: &str) -> Option<$name> { Self::ALL.iter().copied().find(|m| m.code() == code) }
            /// The member with these words, whatever their case.
            pub fn from_words(words: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|m| m.words().eq_ignore_ascii_case(words.trim()))
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.words()) }
        }
    };
}
pub(crate) use vocabulary;
