import { once } from "../../lib/once.ts";
import { stemOf } from "./words.ts";

/**
 * Words that people and models use for what tools call otherwise, a row each, the tools' own words among them. General words only: no product and
 * no single tool. `bench/tool-search.ts` says what they are worth.
 */
const rows = `
list ls show get view enumerate
get read fetch retrieve view open show see
read open content inside view
search find query lookup locate seek hunt google
delete remove erase drop destroy rm trash discard clear rid forget uninstall
create add new make insert open start write build file set put
update edit modify change set patch alter adjust
rename move
move drag transfer shift relocate push postpone
send post publish write push broadcast tell notify mail
reply respond answer
file document doc
directory folder dir path
repository repo
issue ticket bug defect problem task
task todo ticket item chore
message msg dm chat text
email mail inbox
attachment attach file
run execute invoke launch trigger start perform
rerun retry again
restart reboot relaunch
stop cancel abort kill terminate halt end
finish complete close done mark tick resolve
snapshot image backup copy
picture image photo png icon
screenshot picture capture snapshot
website webpage page url site web
link url
database db sql
person user member people contact colleague teammate employee account
customer client contact company
meeting event appointment invitation calendar
comment note remark feedback
copy clone duplicate fork
direction route drive way
distance far length
elevation altitude height high
navigate open visit browse goto
type fill enter input write
press click tap push
dropdown select option choose pick
merge pull accept land
approve accept review
build pipeline job workflow
deploy release rollout ship deployment
undo revert rollback restore recover
version revision history older
spreadsheet sheet excel workbook xlsx
table sheet database
row record item entry
column field property
chart graph plot diagram draw visualize
organization org structure company
log output console print
invoice bill
profit revenue income earn
receivable owe debt
leave vacation holiday absence
balance remaining left
payment pay money
flag toggle switch feature
audit history log
activity history action
password secret credential token
upload attach import put
download grab save export pull
place location restaurant shop nearby near
geocode coordinate address location
scrape crawl extract
news headline
monitor watch alert observe track
alert warning alarm
article paper publication research
failure error fail broken crash break
accessibility audit
network request xhr http
profile performance slow speed fast trace
container pod
replica scale
shell terminal command process exec
server remote machine host
free available busy freebusy
time date clock
reaction emoji thumb
channel room
follower subscriber
transcript subtitle caption say
forecast weather rain snow temperature
mock fake
resize bigger size
worklog hour time
transition status move
assign hand assignee
assigned mine
subtask smaller split
due deadline
blog post article
share permission access
replace substitute
append add
group category
label tag
rule filter automatically
draft prepare
unread unseen
remember memory knowledge
sum total count many number aggregate
argument parameter option
documentation docs manual reference
schedule plan cron
workflow automation automate
analytics traffic visitor statistics
keyword word
cell range
activity run ride workout
test check verify validate
right correct valid
convert scrape extract transform turn
website site url page
crawl traverse subpage recursive
subscribe monitor watch
who user history
flip toggle update
author wrote blame
`
  .trim()
  .split("\n");

const meanings = once(() => {
  const byStem = new Map<string, string[]>();
  for (const row of rows) {
    const stems = [...new Set(row.split(" ").map(stemOf))];
    for (const stem of stems)
      byStem.set(stem, [...new Set([...(byStem.get(stem) ?? []), ...stems.filter((other) => other !== stem)])]);
  }
  return byStem;
});

/** Short forms, as stems of what they stand for. */
const shortForms: ReadonlyMap<string, readonly string[]> = new Map([
  ["pr", ["pul", "request"]],
  ["mr", ["merg", "request"]],
  ["k8s", ["kubernetes"]],
  ["ci", ["pipelin", "build"]],
  ["js", ["javascript"]],
  ["ts", ["typescript"]],
  ["env", ["environment"]],
  ["config", ["configur"]],
  ["auth", ["authentic"]],
  ["app", ["applic"]],
  ["info", ["inform"]],
  ["stat", ["statistic"]],
]);

/** Other words for the same, as stems. */
export const synonymsOf = (stem: string): readonly string[] => meanings().get(stem) ?? [];
export const spelledOut = (stem: string): readonly string[] => shortForms.get(stem) ?? [];
