//! What must hold of the crates as crates, whatever they do: they compile with any features, take
//! no dependency with a licence or a compiler of its own, pack what belongs to them, and put
//! nothing into the module of an application that it did not ask for.

mod exports;
mod features;
mod licences;
mod packages;

pub(crate) use exports::nothing_of_ours_is_exported;
pub(crate) use features::every_combination_compiles;
pub(crate) use licences::dependencies_are_fit;
pub(crate) use packages::packages_hold_what_they_should;
