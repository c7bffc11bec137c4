//! What data are asked for.

use std::path::Path;

use nn_core::Loss;
use nn_train::{Model, Precision};

/// What is asked of the data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose<'a> {
    /// The model that they are for, if there is one already.
    pub(crate) model: Option<&'a Model>,
    /// What no number may overflow.
    pub(crate) precision: Precision,
    pub(crate) is_training: bool,
    /// Whether rows of somebody's own file are held out where no option asks for it.
    pub(crate) holds_out: bool,
}

/// The names of the classes that labels are to have, where they are known before the labels are read. A model without names
/// that is asked, not trained, has the classes 0, 1, …
pub(crate) fn known_classes(model: &Model, is_training: bool) -> Option<Vec<String>> {
    let numbered = || {
        let (outputs, loss) = (model.network.outputs(), model.network.loss());
        let classes = if outputs == 1 && loss != Loss::CrossEntropy { 2 } else { outputs };
        (0..classes).map(|class| class.to_string()).collect()
    };
    model.classes.clone().or_else(|| (!is_training).then(numbered))
}

/// What data from a file are called.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
