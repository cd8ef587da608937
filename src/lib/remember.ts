/** Puts it last; what was put longest ago goes when there are more than `most`. Answers the value. */
export function remember<K, V>(map: Map<K, V>, key: K, value: V, most: number): V {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value as K);
  return value;
}
