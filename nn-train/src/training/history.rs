//! The history of a training: what there is to say of each epoch.

/// One epoch of a history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochRow {
    /// From 1.
    pub epoch: usize,
    /// The example-weighted mean of the batches' losses, each taken before that batch's update.
    pub train_loss: f64,
    /// The share of examples that the network got right when their turn came; `None` in a regression.
    pub train_accuracy: Option<f64>,
    /// J on the held-out examples after the epoch, where there are any.
    pub validation_loss: Option<f64>,
    /// The accuracy on them, where there are classes.
    pub validation_accuracy: Option<f64>,
    /// What the epoch took, training and validation together; `None` where nobody has measured it.
    pub seconds: Option<f64>,
}

/// The epoch with the lowest held-out loss, the first of equals; `None` where nothing was held out.
///
/// ```
/// use nn_train::{EpochRow, best_epoch};
///
/// let row = |epoch, loss| EpochRow {
///     epoch,
///     train_loss: 0.1,
///     train_accuracy: None,
///     validation_loss: loss,
///     validation_accuracy: None,
///     seconds: None,
/// };
/// assert_eq!(best_epoch(&[row(1, Some(0.5)), row(2, Some(0.25)), row(3, Some(0.25))]), Some(2));
/// assert_eq!(best_epoch(&[row(1, None)]), None);
/// ```
pub fn best_epoch(history: &[EpochRow]) -> Option<usize> {
    let losses = history.iter().filter_map(|row| Some((row.epoch, row.validation_loss?)));
    losses.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(epoch, _)| epoch)
}
