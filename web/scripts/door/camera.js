// Reads QR codes from the camera: with the browser's own detector where there is one, else with
// ZXing as WebAssembly, which is fetched from this site when the camera is first used.

import { BarcodeDetector as Ponyfill, prepareZXingModule } from 'barcode-detector/ponyfill';

const EVERY = 150; // ms between two looks
const SAME_AGAIN = 4000; // ms in which the same code is the same ticket, still held up

async function detector(wasm) {
  const Native = window.BarcodeDetector;
  if (Native && (await Native.getSupportedFormats()).includes('qr_code')) {
    return new Native({ formats: ['qr_code'] });
  }
  prepareZXingModule({ overrides: { locateFile: () => wasm } });
  return new Ponyfill({ formats: ['qr_code'] });
}

/**
 * Starts looking; `found(text)` is called for each code once. Returns what stops it.
 *
 * Throws the browser's own error when there is no camera or it may not be used.
 */
export async function look(video, wasm, found) {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: 'environment', width: { ideal: 1280 } },
    audio: false,
  });
  video.srcObject = stream;
  await video.play();
  const eye = await detector(wasm);
  let running = true;
  let last = { text: '', at: 0 };

  async function again() {
    if (!running) return;
    try {
      const [code] = video.readyState >= 2 ? await eye.detect(video) : [];
      if (running && code?.rawValue) {
        const now = Date.now();
        const same = code.rawValue === last.text && now - last.at < SAME_AGAIN;
        last = { text: code.rawValue, at: now };
        if (!same) await found(code.rawValue);
      }
    } catch (error) {
      // One picture that cannot be read is none: the next one comes at once.
      console.warn('door: a picture could not be read', error.name);
    }
    setTimeout(again, EVERY);
  }
  again();

  return () => {
    running = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}
