/** What is no job, in all stores: each was taken for one somewhere, or read in two ways. */

const ID = "00000000-0000-4000-8000-00000000dead";

/** Of a task that nobody has. */
const MEMBERS = `"status":2,"task_name":"junk","queue":"spinach"`;
const REST = `"retries":0,"at":1,"at_us":0,"task_args":[],"task_kwargs":{}`;

/** By what is wrong with it. */
export const JUNK_JOBS: Readonly<Record<string, string>> = {
  "no JSON": "junk",
  "half a job": `{"id":"${ID}",${MEMBERS.slice(0, 20)}`,
  "no object": "[1,2]",
  "no members": `{"id":"${ID}"}`,
  "a number too large": `{"id":"${ID}",${MEMBERS},"max_retries":1e400,${REST}}`,
  "an integer beyond 2^53": `{"id":"${ID}",${MEMBERS},"max_retries":9007199254740993,${REST}}`,
  "a member twice": `{"id":"${ID}",${MEMBERS},"max_retries":0,${REST},"id":"another"}`,
  "an escaped id": `{"id":"\\u0030${ID.slice(1)}",${MEMBERS},"max_retries":0,${REST}}`,
  "a member of another type": `{"id":"${ID}",${MEMBERS},"max_retries":"many",${REST}}`,
};
