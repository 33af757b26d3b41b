// Everything random in the model comes from one seed.
import { dice } from '../host.mjs';

export class Dice {
  constructor(seed) { this.roll = dice(seed); }
  below(count) { return Math.floor(this.roll() * count); }
  between(least, most) { return least + this.below(most - least + 1); }
  chance(share) { return this.roll() < share; }
  pick(list) { return list[this.below(list.length)]; }

  /** One key of {key: weight}. */
  weighted(weights) {
    const total = Object.values(weights).reduce((sum, each) => sum + each, 0);
    let at = this.roll() * total;
    for (const [key, weight] of Object.entries(weights)) {
      at -= weight;
      if (at < 0) return key;
    }
    return Object.keys(weights)[0];
  }
}
