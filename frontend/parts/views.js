// The words under the stage: which side of the ring is shown, its turntable, and the tone of the hand that wears it.
const press = (buttons, chosen) => {
  for (const each of buttons) each.setAttribute("aria-pressed", String(each === chosen));
};

/** `views` has the groups of buttons; they work once there is a ring to look at. */
export function wireViews({ views, stage, ring }) {
  const [sides, spin, tones] = [
    [...views.querySelectorAll("[data-view]")], views.querySelector("[data-spin]"), [...views.querySelectorAll("[data-tone]")],
  ];
  const hand = views.querySelector(".tones");
  views.querySelector("[inert]").inert = false;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) spin.hidden = true;
  views.addEventListener("click", ({ target }) => {
    const { view, tone } = target.dataset;
    if (view) {
      press(sides, target);
      hand.hidden = view !== "hand";
      ring.view(view);
    } else if (tone) {
      press(tones, target);
      ring.tone(tone);
    } else if (target === spin) ring.spin(spin.getAttribute("aria-pressed") !== "true");
  });
  stage.addEventListener("ring:spin", ({ detail }) => spin.setAttribute("aria-pressed", String(detail.on)));
}

/** Whether the ring itself is looked at from where its stone can be measured. */
export const isMeasured = () => document.querySelector('[data-view="turn"]')?.getAttribute("aria-pressed") === "true";
