// SPDX-License-Identifier: GPL-2.0
// The view in the page's address, so that it can be reloaded and sent:
// #lock=84&t=587.1,647.2&thread=3&turn=12, with times in ms from the start.

let savedView = "";

function viewText() {
	const parts = [`lock=${view.lock.lock}`,
		`t=${(view.start / 1e6).toFixed(6)},${(view.end / 1e6).toFixed(6)}`];
	if (view.selected) {
		const {turns} = view.open.lanes[view.selected.lane];
		parts.push(`thread=${view.selected.lane}`, `turn=${turns.indexOf(view.selected)}`);
	}
	return `#${parts.join("&")}`;
}

/* A moment later, because a browser allows this only so often. */
function saveView() {
	saveView.timer ||= setTimeout(() => {
		saveView.timer = 0;
		savedView = viewText();
		if (savedView !== location.hash)
			history.replaceState(null, "", savedView);
	}, 300);
}

/* False if the address has no view. */
function restoreView() {
	const wanted = new URLSearchParams(location.hash.slice(1));
	const lock = DATA.locks.findIndex((each) => String(each.lock) === wanted.get("lock"));
	const [start, end] = (wanted.get("t") || "").split(",").map((ms) => ms * 1e6);
	if (lock < 0)
		return false;
	showLock(lock);
	if (start < end)
		showRange(start, end);
	const lane = view.open.lanes[wanted.get("thread")];
	const turn = wanted.has("turn") && lane && lane.turns[wanted.get("turn")];
	if (turn)
		select(turn);
	return true;
}

function listenToAddress() {
	addEventListener("hashchange", () => {
		if (location.hash !== savedView)
			restoreView();
	});
}
