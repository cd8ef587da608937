/**
 * What is read as something else than its words, before it is cut into words: things that are known by their shape, and phrases that mean one verb.
 * In their order; what a shape covers is gone afterwards, since the words of a path or an address say nothing of the tool.
 */
const readings: readonly [RegExp, string][] = [
  [/\bhttps?:\/\/\S+/giu, " url page "],
  [/\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/gu, " email "],
  [/(?:^|\s)#[a-z][\w-]*/giu, " channel "],
  [/(?:^|\s)(?:[~.]?\/|[a-z]:\\)[\w.\\/ -]*[\w/]/giu, " file path "],
  [/\b[\w-]+(?:\/[\w.-]+)*\.(?:md|txt|json|ya?ml|csv|log|html?|tsx?|jsx?|py|rs|go|toml|ini)\b/giu, "$& file "],
  [/\.(xlsx?|docx?|pptx?|pdf|png|jpe?g|svg|gpx|zip)\b/giu, " $1 file "],
  [/\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|app|de|ai|co|uk|eu)\b/giu, " url page "],
  [/\bselect\b.+\bfrom\b/giu, " sql query "],
  [/\bpromql\b/giu, " prometheus query "],
  [/\b-?\d{1,3}\.\d{2,}\s*,\s*-?\d{1,3}\.\d{2,}\b/gu, " latitude longitude coordinates "],
  [/\b[A-Z]{2,10}-\d+\b/gu, " issue "],
  [/\b(?:turn|switch)(?:ed|ing)?\s+(?:\S+\s+)?on\b/giu, " enable update "],
  [/\b(?:turn|switch)(?:ed|ing)?\s+(?:\S+\s+)?off\b/giu, " disable update "],
  [/\b(?:set|sets|setting)\s+up\b/giu, " create "],
  [/\bturn(?:ed|ing)?\s+(.{1,60}?)\s+into\b/giu, " convert $1 "],
  [/\bthis\s+(?:web\s*)?(?:page|site)\b/giu, " url page "],
  [/\bget(?:ting)?\s+rid\s+of\b/giu, " delete "],
  [/\bthrow(?:ing)?\s+away\b/giu, " delete "],
  [/\b(?:look|looking)\s+(?:up|for)\b/giu, " search "],
  [/\bhow\s+many\b/giu, " count "],
  [/\bhow\s+far\b/giu, " distance "],
  [/\bhow\s+big\b/giu, " size "],
  [/\bhow\s+high\b/giu, " elevation "],
  [/\bwho\s+am\s+i\b/giu, " current user "],
  [/\bwhat\s+(?:time|day)\b/giu, " current time "],
  [/\bsign(?:ed)?\s+up\b/giu, " register "],
  [/\bhand(?:ed)?\s+(?:\S+\s+)*over\b/giu, " assign "],
  [/\bkick(?:ed)?\s+off\b/giu, " run "],
  [/\bshut\s+down\b/giu, " shutdown stop "],
  [/\b(?:am|are|is)\s+\w+\s+(free|busy)\b/giu, " freebusy availability "],
  [/\bpull\s+requests?\b/giu, " pull request "],
  [/\bmerge\s+requests?\b/giu, " merge request "],
];

export const readingOf = (query: string): string =>
  readings.reduce((text, [form, means]) => text.replaceAll(form, means), query);
