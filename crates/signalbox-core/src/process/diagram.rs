//! The stages of a document as a picture. Stages stand in one column, from draft to closed, then the side ways. A
//! move to the next stage goes straight down; every other move goes by a lane, one lane for each stage that is gone
//! to: forward on the right, back on the left. So the picture grows by lines and never by tangles.

use super::render::{escape, stage_id};
use super::{Process, graph};
use crate::act::Act;
use crate::change::Stage;
use std::collections::BTreeMap;

/// Everything that leads from one stage to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub from: Stage,
    pub to: Stage,
    pub acts: Vec<Act>,
}

/// Every move that changes the stage, in the order of the stages.
pub fn edges(process: &Process) -> Vec<Edge> {
    let mut found: BTreeMap<(Stage, Stage), Vec<Act>> = BTreeMap::new();
    for step in &process.steps {
        for to in graph::follows(process, step) {
            let acts = found.entry((step.from, to)).or_default();
            if !acts.contains(&step.act) {
                acts.push(step.act);
            }
        }
    }
    found.into_iter().map(|((from, to), acts)| Edge { from, to, acts }).collect()
}

/// From top to bottom: the way that most changes go, then the side ways, then the other ends.
const ORDER: &[Stage] = &[
    Stage::Draft,
    Stage::LocalAuth,
    Stage::Submitted,
    Stage::Assessing,
    Stage::AwaitingApproval,
    Stage::Approved,
    Stage::Scheduled,
    Stage::Implementing,
    Stage::Implemented,
    Stage::Review,
    Stage::Closed,
    Stage::BackingOut,
    Stage::Returned,
    Stage::OnHold,
    Stage::ClinRejected,
    Stage::Rejected,
    Stage::Cancelled,
    Stage::Withdrawn,
    Stage::Expired,
];

/// The page gives a diagram at least this width, so that its text never falls below its size here.
const WIDTH: i32 = 980;
const BOX_WIDTH: i32 = 210;
const BOX_LEFT: i32 = (WIDTH - BOX_WIDTH) / 2;
const PORT_GAP: i32 = 20;
const ROW_GAP: i32 = 34;
/// Room for the words on a stub, before the first lane.
const STUB: i32 = 240;
const LANE_GAP: i32 = 16;

struct Node {
    stage: Stage,
    top: i32,
    height: i32,
}

/// A line from a stage's side to a lane, or from a lane to a stage.
struct Port {
    node: usize,
    lane: usize,
    is_arrival: bool,
    label: String,
    y: i32,
}

/// One lane: all moves to one stage that go the same way.
struct Lane {
    to: usize,
    is_right: bool,
    /// Counted outward from the boxes.
    track: i32,
    ports: Vec<usize>,
}

/// The acts of a move, as many as there is room for; the table of moves in words names them all.
fn label(acts: &[Act]) -> String {
    for named in (1..=acts.len()).rev() {
        let words = acts[..named].iter().map(|act| act.words()).collect::<Vec<_>>().join(", ");
        let label = if named < acts.len() { format!("{words} +{}", acts.len() - named) } else { words };
        // A letter of 12 px is some 6 px wide.
        if (label.len() as i32) * 6 < STUB || named == 1 {
            return label;
        }
    }
    String::new()
}

struct Picture {
    nodes: Vec<Node>,
    lanes: Vec<Lane>,
    ports: Vec<Port>,
    straight: Vec<(usize, String)>,
    height: i32,
}

/// The diagram as SVG. Each stage links to its first row among the moves in words.
pub fn svg(process: &Process) -> String {
    let picture = lay_out(process);
    let id = super::render::slug(&process.id);
    let mut out = format!(
        "<svg class=\"dg\" viewBox=\"0 0 {WIDTH} {h}\" width=\"{WIDTH}\" height=\"{h}\" role=\"group\" aria-labelledby=\"dg-{id}-t dg-{id}-d\" font-size=\"13\"><title id=\"dg-{id}-t\">Stages of a change: {title}</title><desc id=\"dg-{id}-d\">{desc}</desc>",
        h = picture.height,
        title = escape(&process.title),
        desc = escape(&in_one_breath(process)),
    );
    out += &format!("<defs>{}</defs>", COLOURS.iter().map(|(name, colour)| marker(&id, name, colour)).collect::<String>());
    for (at, label) in &picture.straight {
        out += &straight(&picture, &id, *at, label);
    }
    for lane in &picture.lanes {
        out += &lane_svg(&picture, &id, lane);
    }
    for node in &picture.nodes {
        out += &box_svg(node, process.steps.iter().any(|step| step.from == node.stage));
    }
    out + "</svg>\n"
}

fn in_one_breath(process: &Process) -> String {
    let on_the_way = ORDER[..11].iter().filter(|stage| process.steps.iter().any(|s| s.from == **stage || s.to == Some(**stage)));
    format!("The usual way is {}. Every move is listed in words below.", on_the_way.map(|s| s.words()).collect::<Vec<_>>().join(", "))
}

/// Line colours by what is gone to; words and boxes say the same, so colour is never alone.
const COLOURS: &[(&str, &str)] = &[("way", "#0b5c7a"), ("bad", "#9c1f12"), ("wait", "#7a4b00"), ("end", "#5d6f7b")];

fn tone(stage: Stage) -> (&'static str, &'static str, &'static str) {
    match stage {
        Stage::ClinRejected | Stage::Rejected | Stage::BackingOut => ("bad", "#fce8e5", "#9c1f12"),
        Stage::Returned | Stage::OnHold => ("wait", "#fff3d6", "#7a4b00"),
        Stage::Cancelled | Stage::Withdrawn | Stage::Expired => ("end", "#eef2f4", "#5d6f7b"),
        Stage::Closed => ("way", "#e2efe8", "#1f5c3f"),
        _ => ("way", "#ffffff", "#0b5c7a"),
    }
}

fn marker(id: &str, name: &str, colour: &str) -> String {
    format!(
        "<marker id=\"dg-{id}-{name}\" markerWidth=\"9\" markerHeight=\"9\" refX=\"7\" refY=\"4\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"{colour}\"/></marker>"
    )
}

fn lay_out(process: &Process) -> Picture {
    let edges = edges(process);
    let stages: Vec<Stage> = ORDER.iter().copied().filter(|s| edges.iter().any(|e| e.from == *s || e.to == *s)).collect();
    let place: BTreeMap<Stage, usize> = stages.iter().enumerate().map(|(at, stage)| (*stage, at)).collect();
    let mut picture = Picture { nodes: vec![], lanes: vec![], ports: vec![], straight: vec![], height: 0 };
    for edge in &edges {
        let (Some(&from), Some(&to)) = (place.get(&edge.from), place.get(&edge.to)) else { continue };
        let label = label(&edge.acts);
        if to == from + 1 {
            picture.straight.push((from, label));
            continue;
        }
        let is_right = to > from;
        let lane = picture.lanes.iter().position(|l| l.to == to && l.is_right == is_right).unwrap_or_else(|| {
            picture.lanes.push(Lane { to, is_right, track: 0, ports: vec![] });
            picture.lanes.len() - 1
        });
        let port = picture.ports.len();
        picture.ports.push(Port { node: from, lane, is_arrival: false, label, y: 0 });
        picture.lanes[lane].ports.push(port);
    }
    for lane in 0..picture.lanes.len() {
        let port = picture.ports.len();
        let node = picture.lanes[lane].to;
        picture.ports.push(Port { node, lane, is_arrival: true, label: String::new(), y: 0 });
        picture.lanes[lane].ports.push(port);
    }
    stand(&mut picture, &stages);
    give_tracks(&mut picture);
    picture
}

/// Gives every box its place, high enough for the lines at its fuller side, and every line its height.
fn stand(picture: &mut Picture, stages: &[Stage]) {
    let mut top = 12;
    for (node, stage) in stages.iter().enumerate() {
        let side = |is_right: bool| -> Vec<usize> {
            let mut ports: Vec<usize> =
                (0..picture.ports.len()).filter(|p| picture.ports[*p].node == node && picture.lanes[picture.ports[*p].lane].is_right == is_right).collect();
            // Lines come in above those that go out, and the nearest goal goes out innermost.
            ports.sort_by_key(|p| (!picture.ports[*p].is_arrival, picture.lanes[picture.ports[*p].lane].to));
            ports
        };
        let (left, right) = (side(false), side(true));
        let height = (left.len().max(right.len()) as i32 * PORT_GAP + 8).max(40);
        for ports in [left, right] {
            let first = top + (height - (ports.len() as i32 - 1) * PORT_GAP) / 2;
            for (at, port) in ports.into_iter().enumerate() {
                picture.ports[port].y = first + at as i32 * PORT_GAP;
            }
        }
        picture.nodes.push(Node { stage: *stage, top, height });
        top += height + ROW_GAP;
    }
    picture.height = top - ROW_GAP + 12;
}

/// Lanes whose heights do not meet share a track; shorter ones run nearer to the boxes.
fn give_tracks(picture: &mut Picture) {
    let span = |lane: &Lane| {
        let ys = lane.ports.iter().map(|p| picture.ports[*p].y);
        (ys.clone().min().unwrap_or(0), ys.max().unwrap_or(0))
    };
    let mut order: Vec<(i32, usize)> = picture.lanes.iter().enumerate().map(|(at, lane)| (span(lane).1 - span(lane).0, at)).collect();
    order.sort_unstable();
    let mut taken: Vec<(bool, i32, i32, i32)> = vec![];
    let mut tracks = vec![];
    for (_, at) in order {
        let lane = &picture.lanes[at];
        let (low, high) = span(lane);
        let is_free = |track: i32| !taken.iter().any(|(right, t, a, b)| *right == lane.is_right && *t == track && *a <= high + 4 && low <= *b + 4);
        let track = (0..).find(|track| is_free(*track)).unwrap_or(0);
        taken.push((lane.is_right, track, low, high));
        tracks.push((at, track));
    }
    for (at, track) in tracks {
        picture.lanes[at].track = track;
    }
}

fn straight(picture: &Picture, id: &str, at: usize, label: &str) -> String {
    let x = WIDTH / 2;
    let from = picture.nodes[at].top + picture.nodes[at].height;
    let (name, _, _) = tone(picture.nodes[at + 1].stage);
    format!(
        "<path d=\"M{x} {from}V{to}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" marker-end=\"url(#dg-{id}-{name})\"/><text class=\"lbl\" font-size=\"12\" x=\"{tx}\" y=\"{ty}\">{label}</text>",
        to = from + ROW_GAP - 2,
        colour = colour_of(name),
        tx = x + 10,
        ty = from + ROW_GAP / 2 + 4,
        label = escape(label),
    )
}

fn colour_of(name: &str) -> &'static str {
    COLOURS.iter().find(|(n, _)| *n == name).map_or("#5d6f7b", |(_, colour)| colour)
}

fn lane_svg(picture: &Picture, id: &str, lane: &Lane) -> String {
    let (name, _, _) = tone(picture.nodes[lane.to].stage);
    let colour = colour_of(name);
    let outward = STUB + lane.track * LANE_GAP;
    let (edge, x) = if lane.is_right { (BOX_LEFT + BOX_WIDTH, BOX_LEFT + BOX_WIDTH + outward) } else { (BOX_LEFT, BOX_LEFT - outward) };
    let ys: Vec<i32> = lane.ports.iter().map(|p| picture.ports[*p].y).collect();
    let (low, high) = (ys.iter().min().copied().unwrap_or(0), ys.iter().max().copied().unwrap_or(0));
    let mut out = format!("<path d=\"M{x} {low}V{high}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>");
    for port in lane.ports.iter().map(|p| &picture.ports[*p]) {
        let y = port.y;
        if port.is_arrival {
            let tip = if lane.is_right { edge + 2 } else { edge - 2 };
            out += &format!("<path d=\"M{x} {y}H{tip}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" marker-end=\"url(#dg-{id}-{name})\"/>");
            continue;
        }
        let (tx, anchor) = if lane.is_right { (edge + 6, "start") } else { (edge - 6, "end") };
        // A dot marks where a line joins; lines that only cross have none.
        out += &format!(
            "<path d=\"M{edge} {y}H{x}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/><circle cx=\"{x}\" cy=\"{y}\" r=\"2.5\" fill=\"{colour}\"/><text class=\"lbl\" font-size=\"12\" x=\"{tx}\" y=\"{ty}\" text-anchor=\"{anchor}\">{label}</text>",
            ty = y - 4,
            label = escape(&port.label),
        );
    }
    out
}

/// A stage's box; it links to the stage's first row, if it has one.
fn box_svg(node: &Node, has_row: bool) -> String {
    let (_, fill, stroke) = tone(node.stage);
    let shape = format!(
        "<rect x=\"{BOX_LEFT}\" y=\"{top}\" width=\"{BOX_WIDTH}\" height=\"{height}\" rx=\"5\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"1.8\"/><text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>",
        top = node.top,
        height = node.height,
        x = WIDTH / 2,
        y = node.top + node.height / 2 + 5,
        label = node.stage.words(),
    );
    if has_row { format!("<a href=\"#{}\">{shape}</a>", stage_id(node.stage)) } else { shape }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Processes;

    #[test]
    fn the_picture_holds_every_move_and_fits_its_width() {
        for process in Processes::shipped().unwrap().iter() {
            let picture = lay_out(process);
            let moves = picture.straight.len() + picture.ports.iter().filter(|p| !p.is_arrival).count();
            assert_eq!(moves, edges(process).len());
            let tracks = |right: bool| picture.lanes.iter().filter(|l| l.is_right == right).map(|l| l.track).max().unwrap_or(0);
            for right in [false, true] {
                assert!(STUB + tracks(right) * LANE_GAP < BOX_LEFT - 4, "{} is too wide", process.id);
            }
            // A letter of 12 px is some 6 px wide.
            assert!(picture.ports.iter().all(|p| p.label.len() as i32 * 6 < STUB), "{}: a label is too long", process.id);
        }
    }

    #[test]
    fn lanes_on_one_track_never_meet() {
        for process in Processes::shipped().unwrap().iter() {
            let picture = lay_out(process);
            let span = |lane: &Lane| {
                let ys: Vec<i32> = lane.ports.iter().map(|p| picture.ports[*p].y).collect();
                (*ys.iter().min().unwrap(), *ys.iter().max().unwrap())
            };
            for (n, a) in picture.lanes.iter().enumerate() {
                for b in &picture.lanes[n + 1..] {
                    if a.is_right == b.is_right && a.track == b.track {
                        assert!(span(a).1 < span(b).0 || span(b).1 < span(a).0);
                    }
                }
            }
        }
    }

    #[test]
    fn words_are_escaped_and_no_text_is_small() {
        let mut process = Processes::shipped().unwrap().by_id("end-to-end").unwrap().as_ref().clone();
        process.title = "<script>\"&".into();
        let svg = svg(&process);
        assert!(!svg.contains("<script>") && svg.contains("&lt;script&gt;&quot;&amp;"));
        for size in svg.split("font-size=\"").skip(1) {
            assert!(size.split('"').next().unwrap().parse::<i32>().unwrap() >= 12);
        }
    }
}
