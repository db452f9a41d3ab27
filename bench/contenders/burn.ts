/** Work for the CPU, the same amount each time: some ms. */
export function burn(rounds: number): number {
  let state = 1;
  for (let round = 0; round < rounds; round += 1) state = (state * 48_271) % 2_147_483_647;
  return state;
}
