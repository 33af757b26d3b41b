// The app's own colour on our page, so that what is written in it and on it can be read (WCAG 2.2, 1.4.3).

const least = 4.5;
const black = [0, 0, 0];
const white = [255, 255, 255];
/** Of what text stands on, the hardest: --sunk of mortise.css. */
const backs = { light: [0xf4, 0xf6, 0xf8], dark: [0x25, 0x2b, 0x33] };

/** Custom properties for a colour like "#2456c7" or "#25c". */
export function brandColors(color) {
  const rgb = parsed(color);
  const text = (back) => written(readable(rgb, back));
  return {
    '--mortise-brand': color,
    // The better one of these two has a contrast of 4.58 or more with every colour.
    '--mortise-on-brand': contrast(rgb, white) >= contrast(rgb, black) ? '#ffffff' : '#000000',
    '--mortise-brand-text': `light-dark(${text(backs.light)}, ${text(backs.dark)})`,
  };
}

/** The colour, with as much of black or white as it takes to be read on `back`. */
function readable(rgb, back) {
  const end = contrast(back, black) > contrast(back, white) ? black : white;
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = rgb.map((value, at) => Math.round(value + (end[at] - value) * share));
    if (contrast(mixed, back) >= least) return mixed;
  }
  return end;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function parsed(color) {
  const digits = color.length === 4 ? color.replace(/[^#]/g, '$&$&') : color;
  return [1, 3, 5].map((at) => parseInt(digits.slice(at, at + 2), 16));
}

function written(rgb) {
  return `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
