// The ring turns by hand: pointer, touch, pinch, keyboard; or on its turntable until a hand comes. Vertical swipes stay the page's.
const DEGREES_PER_PIXEL = 0.42;
const KEYS = {
  ArrowLeft: (scene) => scene.turn(-8, 0),
  ArrowRight: (scene) => scene.turn(8, 0),
  ArrowUp: (scene) => scene.turn(0, 6),
  ArrowDown: (scene) => scene.turn(0, -6),
  "+": (scene) => scene.zoom(1.25),
  "=": (scene) => scene.zoom(1.25),
  "-": (scene) => scene.zoom(0.8),
  Home: (scene) => scene.view("turn"),
};

/** Listen on the canvas; returns what stops it. */
export function handle(canvas, scene) {
  let held = null;
  const fingers = new Map();
  let apart = 0; // of two fingers that pinch
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  const onDown = (event) => {
    scene.hold();
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 2) [held, apart] = [null, spread()];
    if (event.button !== 0 || !event.isPrimary) return;
    held = { id: event.pointerId, x: event.clientX, y: event.clientY };
    canvas.setPointerCapture(event.pointerId);
    canvas.style.cursor = "grabbing";
  };
  const onMove = (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 2) {
      const now = spread();
      if (apart > 0) scene.zoom(now / apart);
      apart = now;
      return;
    }
    if (held?.id !== event.pointerId) return;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    held = { ...held, x: event.clientX, y: event.clientY };
    scene.turn(dx * DEGREES_PER_PIXEL, event.pointerType === "touch" ? 0 : dy * DEGREES_PER_PIXEL * 0.6);
  };
  const onUp = (event) => {
    fingers.delete(event.pointerId);
    apart = 0;
    if (held?.id !== event.pointerId) return;
    held = null;
    canvas.style.cursor = "grab";
  };
  let near = false;
  const onDouble = () => {
    near = !near;
    scene.zoom(near ? 2.4 : 0.1);
  };
  // Two fingers on a trackpad arrive as a wheel with Ctrl; a plain wheel is the page's.
  const onWheel = (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    scene.zoom(Math.exp(-event.deltaY * 0.01));
  };
  const onKey = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key](scene);
  };
  const listeners = {
    pointerdown: onDown, pointermove: onMove, pointerup: onUp, pointercancel: onUp, dblclick: onDouble, wheel: onWheel,
    keydown: onKey,
  };
  for (const [name, listener] of Object.entries(listeners)) canvas.addEventListener(name, listener, { passive: false });
  return () => {
    for (const [name, listener] of Object.entries(listeners)) canvas.removeEventListener(name, listener);
  };
}
