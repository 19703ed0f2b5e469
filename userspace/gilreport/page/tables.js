// SPDX-License-Identifier: GPL-2.0
// The tables of waiters by owners and of the threads.

/* A cell: what it shows, and by what it is sorted. */
function cell(text, value, properties = {}) {
	return {value, node: element("td", text, properties)};
}

/* A thread's name, which shows its longest wait. */
function nameCell(i) {
	const node = element("th", "", {scope: "row"});
	const button = element("button", label(i), {type: "button", className: "link"});
	button.addEventListener("click", () => showThread(i));
	node.append(button);
	return {value: -i, node};
}

/* A table that a click on a column's name sorts. Rows are lists of cells. */
function fillTable(table, heads, rows) {
	const head = document.createElement("tr"), body = document.createElement("tbody");
	const sort = (at) => {
		rows.sort((a, b) => b[at].value - a[at].value);
		[...head.cells].forEach((th, i) =>
			th.setAttribute("aria-sort", i === at ? "descending" : "none"));
		body.replaceChildren(...rows.map((cells) => {
			const row = document.createElement("tr");
			row.append(...cells.map(({node}) => node));
			return row;
		}));
		table.dataset.sort = at;
	};
	heads.forEach(([text, title], at) => {
		const th = element("th", "", {scope: "col"});
		const button = element("button", text, {type: "button", className: "link", title});
		button.addEventListener("click", () => sort(at));
		th.append(button);
		head.append(th);
	});
	const thead = document.createElement("thead");
	thead.append(head);
	table.replaceChildren(thead, body);
	const at = Number(table.dataset.sort ?? 1);
	sort(at < heads.length ? at : 1);
}

const OWNERS_MAX = 8;

function blameCell(waiter, owner, ns, waited, most) {
	const made = cell("", ns || 0);
	if (!ns)
		return made;
	const button = element("button", timeText(ns), {type: "button", className: "link",
		title: `${(ns / waited * 100).toFixed(0)}% of the waits of ${label(waiter)}`});
	button.addEventListener("click", () => showTurn(longestBehind(waiter, owner)));
	made.node.className = "part";
	made.node.style.setProperty("--part", ns / most);
	made.node.append(button);
	return made;
}

/* Rows: threads that waited. Columns: owners that made others wait longest. */
function showBlame({threads}) {
	const owners = threads.map((_, i) => i).filter((i) => threads[i].made_wait_ns)
		.sort((a, b) => threads[b].made_wait_ns - threads[a].made_wait_ns);
	const shown = owners.slice(0, OWNERS_MAX), others = owners.slice(OWNERS_MAX);
	const most = threads.reduce((best, thread) =>
		thread.behind.reduce((top, {ns}) => Math.max(top, ns), best), 1);
	const rows = [];
	threads.forEach(({wait, behind}, i) => {
		const found = new Map(behind.map(({thread, ns}) => [thread, ns]));
		const rest = others.reduce((sum, owner) => sum + (found.get(owner) || 0), 0);
		if (found.size)
			rows.push([nameCell(i), cell(timeText(wait.total_ns), wait.total_ns),
				...shown.map((owner) => blameCell(i, owner, found.get(owner),
					wait.total_ns, most)),
				...(others.length ? [cell(rest ? timeText(rest) : "", rest)] : [])]);
	});
	fillTable(document.getElementById("blame"), [["thread", "as they came"],
		["waited", "in all"], ...shown.map((i) => [`behind ${label(i)}`,
			`made others wait ${timeText(threads[i].made_wait_ns)}`]),
		...(others.length ? [["behind others", `${others.length} owners`]] : [])], rows);
	document.getElementById("no-blame").hidden = rows.length > 0;
	document.getElementById("some-blame").hidden = !rows.length;
}

const COLUMNS = [
	["thread", "as they came"],
	["held / waited", "dark: had the lock; pale: waited for it; the rest: did without it"],
	["held", "from grant to release"],
	["turns", "times that it had the lock"],
	["waited", "from request to grant"],
	["made others wait", "how long others waited while it had the lock"],
	["wait p50", "half of its waits took up to this long"],
	["wait p99", "99 of 100 waits took up to this long"],
	["wait max", "its longest wait"],
	["I/O releases", "times that it gave the lock up for I/O"],
	["forced switches", "times that it had to let go at the switch interval"],
	["preempted as owner", "had the lock, but no CPU"],
	["convoy waits / I/Os", "waits that belong to a convoy, of the times that it came back from I/O"],
];

/* Held, waited and neither, as parts of the time that the lock was in use. */
function shareCell(held, waited, whole) {
	const bar = element("span", "", {className: "bar"});
	bar.style.setProperty("--held", `${held / whole * 100}%`);
	bar.style.setProperty("--waited", `${(held + waited) / whole * 100}%`);
	const made = cell("", held, {className: "share"});
	made.node.append(bar, `${(held / whole * 100).toFixed(1)}%`);
	return made;
}

function showShares({threads}, whole) {
	const time = (ns) => cell(ns ? timeText(ns) : "–", ns);
	const count = (n) => cell(n ? countText(n) : "–", n);
	fillTable(document.getElementById("threads"), COLUMNS, threads.map((thread, i) => {
		const {wait, hold, convoy} = thread;
		const preempted = thread.states_ns[STATE_NAMES[2]];
		return [nameCell(i), shareCell(hold.total_ns, wait.total_ns, whole),
			time(hold.total_ns), count(thread.turns), time(wait.total_ns),
			time(thread.made_wait_ns), time(wait.p50_ns), time(wait.p99_ns), time(wait.max_ns),
			cell(thread.taken ? `${countText(thread.io_releases)} (${thread.taken} by the kernel)` :
				countText(thread.io_releases), thread.io_releases),
			count(thread.forced_switches), time(preempted),
			convoy && convoy.came_back ? cell(`${convoy.waits} / ${convoy.came_back}`, convoy.wait_ns,
				{className: convoy.is_one ? "bad" : ""}) : cell("–", 0)];
	}));
}
