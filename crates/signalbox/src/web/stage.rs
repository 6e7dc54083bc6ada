//! What stages look like as tags: one colour each, on every page.

use signalbox_core::change::Stage;

use super::ui::Tag;

/// The stage as a tag, with the label of settled 11.
pub fn stage_tag(stage: Stage) -> Tag {
    let colour = match stage {
        Stage::Draft | Stage::LocalAuth | Stage::Cancelled | Stage::Withdrawn | Stage::Expired => "grey",
        Stage::Submitted | Stage::Assessing | Stage::AwaitingApproval | Stage::Review => "yellow",
        Stage::Returned | Stage::OnHold => "orange",
        Stage::ClinRejected | Stage::Rejected | Stage::BackingOut => "red",
        Stage::Approved | Stage::Scheduled => "blue",
        Stage::Implementing => "purple",
        Stage::Implemented | Stage::Closed => "green",
    };
    Tag::new(stage.words(), colour)
}
