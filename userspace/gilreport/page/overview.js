// SPDX-License-Identifier: GPL-2.0
// The strip of the whole recording above the timeline. Its window, which is the
// part that is shown, can be dragged whole or by an end, or drawn anew.

const overview = document.getElementById("overview");
const HANDLE = 7;

function overviewX(t) {
	return left + t / LENGTH * (overview.clientWidth - left);
}

/* The strip, which is the same until its size, the theme or the lock changes. */
function overviewStrip(width, ratio) {
	const key = [width, ratio, left, dark, view.lock.lock].join();
	if (overviewStrip.key !== key) {
		const strip = new OffscreenCanvas(Math.round(width * ratio), Math.round(30 * ratio));
		const pen = strip.getContext("2d");
		pen.scale(ratio, ratio);
		drawCounts(pen, view.open.waiters, [0, LENGTH], [left, width], 30, 28);
		Object.assign(overviewStrip, {key, strip});
	}
	return overviewStrip.strip;
}

function drawOverview() {
	const ratio = devicePixelRatio || 1, width = canvas.clientWidth;
	overview.style.width = `${width}px`;
	overview.width = Math.round(width * ratio);
	overview.height = Math.round(30 * ratio);
	const pen = overview.getContext("2d");
	pen.drawImage(overviewStrip(width, ratio), 0, 0);
	pen.scale(ratio, ratio);
	pen.font = FONT;
	pen.fillStyle = css("--dim");
	pen.fillText("whole recording", 4, 19, left - 8);
	const x0 = overviewX(view.start), x1 = overviewX(view.end);
	pen.strokeStyle = css("--accent");
	pen.lineWidth = 2;
	pen.strokeRect(x0 + 1, 1, Math.max(2, x1 - x0 - 2), 28);
	pen.fillStyle = css("--accent");
	for (const x of [x0, x1])
		pen.fillRect(x - 2.5, 9, 5, 12);
}

function listenToOverview() {
	let drag = null;
	const time = (event) => {
		const box = overview.getBoundingClientRect();
		return (event.clientX - box.left - left) / (box.width - left) * LENGTH;
	};
	const near = (event, t) => Math.abs(event.offsetX - overviewX(t)) < HANDLE;
	overview.addEventListener("pointerdown", (event) => {
		const t = time(event), {start, end} = view;
		overview.setPointerCapture(event.pointerId);
		if (near(event, start))
			drag = (to) => showRange(Math.min(to, end), Math.max(to, end));
		else if (near(event, end))
			drag = (to) => showRange(Math.min(start, to), Math.max(start, to));
		else if (t > start && t < end)
			drag = (to) => slideTo(start + to - t);
		else
			drag = (to) => showRange(Math.min(t, to), Math.max(t, to));
		drag.from = event.clientX;
		drag.outside = t < start || t > end;
	});
	overview.addEventListener("pointermove", (event) => {
		if (drag && Math.abs(event.clientX - drag.from) > 3)
			drag(time(event));
	});
	overview.addEventListener("pointerup", (event) => {
		if (drag && drag.outside && Math.abs(event.clientX - drag.from) <= 3)
			slideTo(time(event) - (view.end - view.start) / 2);
		drag = null;
	});
}
