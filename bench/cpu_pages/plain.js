// Shows the camera as it is: what bench/cpu.py compares everything with.

const stream = await navigator.mediaDevices.getUserMedia({
  video: { width: { ideal: 640 }, height: { ideal: 480 } },
});
const video = Object.assign(document.createElement('video'), { muted: true, srcObject: stream });
document.getElementById('show').append(video);
await video.play();
globalThis.frames = () => video.getVideoPlaybackQuality().totalVideoFrames;
