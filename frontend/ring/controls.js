// The ring turns by hand only: pointer, touch, keyboard. Vertical swipes stay the page's.
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
  const onDown = (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    held = { id: event.pointerId, x: event.clientX, y: event.clientY };
    canvas.setPointerCapture(event.pointerId);
    canvas.style.cursor = "grabbing";
  };
  const onMove = (event) => {
    if (held?.id !== event.pointerId) return;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    held = { ...held, x: event.clientX, y: event.clientY };
    scene.turn(dx * DEGREES_PER_PIXEL, event.pointerType === "touch" ? 0 : dy * DEGREES_PER_PIXEL * 0.6);
  };
  const onUp = (event) => {
    if (held?.id !== event.pointerId) return;
    held = null;
    canvas.style.cursor = "grab";
  };
  let near = false;
  const onDouble = () => {
    near = !near;
    scene.zoom(near ? 2.4 : 0.1);
  };
  const onKey = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key](scene);
  };
  const listeners = {
    pointerdown: onDown, pointermove: onMove, pointerup: onUp, pointercancel: onUp, dblclick: onDouble, keydown: onKey,
  };
  for (const [name, listener] of Object.entries(listeners)) canvas.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) canvas.removeEventListener(name, listener);
  };
}
