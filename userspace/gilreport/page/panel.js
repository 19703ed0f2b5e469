// SPDX-License-Identifier: GPL-2.0
// The selected turn: what it waited for, told below the picture.

function label(lane) {
	return view.open.lanes[lane].label;
}

/* A time by the recording's clock, as turns.csv and trace-cmd have it. */
function clockText(t) {
	const ns = BigInt(Math.round(t)) + BigInt(DATA.start_ns);
	return `${ns / 1000000000n}.${String(ns % 1000000000n).padStart(9, "0")} s`;
}

function element(tag, text, properties) {
	return Object.assign(document.createElement(tag), {textContent: text, ...properties});
}

function turnButton(text, turn) {
	const button = element("button", text, {type: "button", className: "link"});
	button.addEventListener("click", () => select(turn));
	return button;
}

function queueAt(t) {
	const {times, values} = view.open.waiters;
	return values[lastAt(times, t - 1)] || 0;
}

/* What happened in a turn, in sentences. */
function turnStory(turn) {
	const said = [];
	if (isWait(turn)) {
		const queue = queueAt(turn.requested);
		said.push(`It ${turn.afterIo ? "came back from I/O and " : ""}asked for the lock ` +
			`${timeText(turn.requested)} after the start (${clockText(turn.requested)}), when ` +
			(queue ? `${queue} other thread${queue > 1 ? "s" : ""} waited.` : "no other thread waited."));
	} else {
		said.push(`It got the lock without waiting, ${timeText(turn.requested)} after the start (${clockText(turn.requested)}).`);
	}
	if (turn.contended && !turn.slept)
		said.push("It queued without sleeping at first.");
	if (turn.acquired > turn.granted)
		said.push(`After the grant it took ${timeText(turn.acquired - turn.granted)} to wake up.`);
	if (!Number.isNaN(turn.asked))
		said.push(`It was asked to drop the lock after ${timeText(turn.asked - turn.granted)}.`);
	if (turn.released > turn.granted)
		said.push(`It held the lock for ${timeText(turn.released - turn.granted)}` +
			(turn.taken ? "; then it blocked, and the kernel released the lock." :
				REASONS[turn.reason] ? `, then ${REASONS[turn.reason]}.` : "."));
	return said.join(" ");
}

function showPanel() {
	const turn = view.selected, behind = document.getElementById("behind");
	const title = document.getElementById("wait-title");
	behind.replaceChildren();
	for (const [name, enabled] of Object.entries({
		previous: turn && neighbourWait(turn, -1), next: turn && neighbourWait(turn, 1),
		longest: turn, none: turn}))
		document.querySelector(`[data-wait=${name}]`).disabled = !enabled;
	document.getElementById("story").textContent = turn ? turnStory(turn) :
		"Click a wait in the picture, or press Enter while the picture has the focus, to see which owners it was behind.";
	if (!turn) {
		title.textContent = "No wait is selected";
		return;
	}
	if (!isWait(turn)) {
		title.textContent = `${label(turn.lane)} had the lock`;
		return;
	}
	const owners = ownersBehind(turn), wait = waitOf(turn);
	title.textContent = `${label(turn.lane)} waited ${timeText(wait)}` + (owners.length ? " behind" : "");
	let rest = wait;
	for (const {hold, ns} of owners) {
		const item = document.createElement("li");
		item.append(turnButton(label(hold.lane), hold),
			` ${timeText(ns)} (${(ns / wait * 100).toFixed(0)}%)`);
		behind.append(item);
		rest -= ns;
	}
	if (rest > wait * 0.005)
		behind.append(element("li", `nobody: ${timeText(rest)}`, {className: "nobody"}));
}

/* Shows a turn, its wait and what that was behind; null selects none. */
function select(turn, around = false) {
	view.selected = turn;
	document.body.classList.toggle("selected", Boolean(turn));
	view.behind = turn ? ownersBehind(turn) : [];
	if (turn) {
		const start = turn.requested, end = isWait(turn) ? turn.granted : endOf(turn);
		const span = around ? 2 * (end - start) : Math.max(view.end - view.start, 1.2 * (end - start));
		if (around || start < view.start || end > view.end)
			showRange((start + end - span) / 2, (start + end + span) / 2);
		scrollToLane(turn.lane);
	}
	showPanel();
	tip.hidden = true;
	redraw();
}

/* The wait that keys begin with: the longest in view. */
function longestInView() {
	return longestWait(view.open.turns.filter((turn) =>
		turn.granted > view.start && turn.requested < view.end));
}

const SELECT = {
	previous: () => neighbourWait(view.selected, -1),
	next: () => neighbourWait(view.selected, 1),
	longest: () => longestWait(view.open.lanes[view.selected.lane].turns),
	all: () => longestWait(view.open.turns),
	none: () => null,
};

function listenToPanel() {
	for (const button of document.querySelectorAll("[data-wait]"))
		button.addEventListener("click", () => {
			const turn = SELECT[button.dataset.wait]();
			if (turn || button.dataset.wait === "none")
				select(turn);
		});
}
