// Put into a page before its own scripts: sees when its map is drawn and may be used.
// A map is drawn when a canvas in it has been painted and that frame has been shown; it may be used
// when no slider of the page is disabled any more.
{
  let painted = 0;
  for (const name of ["fill", "drawImage"]) {
    const plain = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...told) {
      if (this.canvas.isConnected) painted += 1;
      return plain.apply(this, told);
    };
  }
  // When, and the addresses of what had come by then.
  const told = () => {
    const now = performance.now();
    const came = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return [now, came.filter(({ responseEnd }) => responseEnd > 0 && responseEnd <= now).map(({ name }) => name)];
  };
  const usable = new Promise((resolve) => {
    const look = () => {
      if (!painted || document.querySelector("input[type=range]:disabled")) {
        requestAnimationFrame(look);
        return;
      }
      // Behind the frame that is about to be shown.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(told());
      port2.postMessage(null);
    };
    requestAnimationFrame(look);
  });
  const seen = { usable };

  // Frames while something is dragged: how long each took, and in how many the map was drawn anew.
  seen.watch = () => {
    const frames = [];
    let [before, held, drawn, isOver] = [null, painted, 0, false];
    const next = (now) => {
      if (before !== null) frames.push(now - before);
      before = now;
      if (painted !== held) drawn += 1;
      held = painted;
      if (!isOver) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    seen.watched = () => { isOver = true; return [frames, drawn]; };
  };
  window.benchSeen = seen;
}
