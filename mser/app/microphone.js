// For calls, browsers level voices and filter what they take for noise. The model shall hear them as they are.
// Whoever has no microphone, or does not lend it, is told why beside the recorder, for as long as that is so.
(() => {
  const devices = navigator.mediaDevices;
  const plain = {autoGainControl: false, noiseSuppression: false, echoCancellation: false};
  const reasons = {
    NotAllowedError: "The browser was told not to lend its microphone: allow it for this page, or upload a recording.",
    NotFoundError: "No microphone was found: connect one, or upload a recording.",
    NotReadableError: "The microphone is in use by another program, or fails: close that, or upload a recording.",
    none: "This browser lends its microphone only to https and to pages of its own machine: upload a recording.",
  };
  const tell = reason => {
    const place = document.querySelector("#microphone p");
    if (place) place.textContent = reason;
  };
  const look = async () => {
    if (!devices) return tell(reasons.none);
    const lent = await navigator.permissions?.query({name: "microphone"}).catch(() => null);
    if (lent?.state === "denied") return tell(reasons.NotAllowedError);
    const found = await devices.enumerateDevices();
    tell(found.some(device => device.kind === "audioinput") ? "" : reasons.NotFoundError);
  };
  document.addEventListener("click", event => {
    if (event.target.closest?.("#recording [aria-label='Record audio']")) look();
    if (event.target.closest?.("#recording [aria-label='Upload file']")) tell("");
  }, true);
  if (!devices) return;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async asked => {
    try {
      const stream = await open({...asked, audio: asked.audio && {...asked.audio, ...plain}});
      tell("");
      return stream;
    } catch (error) {
      tell(reasons[error.name] ?? `The microphone cannot be used (${error.message}): upload a recording.`);
      throw error;
    }
  };
})();
