// Play buttons beside the voices: one sound at a time. Without scripts they are not shown.
const player = new Audio();
let playing = null;

function stop() {
  player.pause();
  playing?.setAttribute("aria-pressed", "false");
  playing = null;
}

async function play(button) {
  stop();
  playing = button;
  button.setAttribute("aria-pressed", "true");
  // As a whole: browsers that ask for ranges need none of a blob.
  const answer = await fetch(button.dataset.voiceSample);
  if (!answer.ok || playing !== button) return stop();
  player.src = URL.createObjectURL(await answer.blob());
  await player.play();
}

player.addEventListener("ended", stop);
for (const button of document.querySelectorAll("[data-voice-sample]")) {
  button.hidden = false;
  if (button.previousElementSibling?.matches("audio")) button.previousElementSibling.hidden = true;
  button.addEventListener("click", () => (button === playing ? stop() : play(button)));
}
