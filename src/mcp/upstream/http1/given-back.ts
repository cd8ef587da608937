/** What is shorter is not worth it, or what was inflated, where what inflates it has a hand on it too. */
const leastBytes = 32 * 1024;

/**
 * Gives back the memory of bytes that came over a connection and have been read: until it was collected, the next ones would come to fresh memory,
 * which costs more than all that is done with them. What reaches to the end of what was received is the last that anybody has of it.
 */
export function giveBack(bytes: Uint8Array): void {
  // To be asked for its memory is dear for a short one.
  if (bytes.byteLength < leastBytes) return;
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteOffset + byteLength === buffer.byteLength) (buffer as ArrayBuffer).transfer(0);
}
