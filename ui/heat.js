// The heat map over a picture: the colours of the server's own (`props.palette`), clearer the stronger.

const STRENGTH = 0.8; // how much of the picture the hottest place hides
const FINER = 8; // how many pixels each of the map's numbers becomes each way

/** Draws rows of numbers 0-1 over a picture of this size; box: the part that they cover, as shares of it. */
function drawHeat(over, heat, [left, top, right, bottom], width, height) {
  [over.width, over.height] = [width, height];
  const fine = finer(heat);
  const small = document.createElement("canvas");
  [small.width, small.height] = [fine[0].length, fine.length];
  const image = small.getContext("2d").createImageData(small.width, small.height);
  fine.flat().forEach((value, index) => {
    const strength = STRENGTH * value ** 1.3 * inward(index % small.width, small.width) * inward(Math.floor(index / small.width), small.height);
    image.data.set([...props.palette[Math.floor(255 * value)], 255 * strength], 4 * index);
  });
  small.getContext("2d").putImageData(image, 0, 0);
  const context = over.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(small, left * width, top * height, (right - left) * width, (bottom - top) * height);
}

/** 1, and less towards the edges, so that the map ends softly where the network's view ends. */
const inward = (at, length) => Math.min(1, (2 * Math.min(at + 0.5, length - at - 0.5)) / FINER);

/** The same map with more numbers, those between by linear interpolation: colours in between would not be on the scale. */
function finer(heat) {
  const weigh = (line, at) => {
    const low = Math.max(0, Math.min(line.length - 1, Math.floor(at)));
    const high = Math.min(line.length - 1, low + 1);
    const share = Math.max(0, Math.min(1, at - low));
    return [low, high, share];
  };
  const between = (line) =>
    Array.from({ length: FINER * line.length }, (_, index) => {
      const [low, high, share] = weigh(line, (index + 0.5) / FINER - 0.5);
      return line[low] + share * (line[high] - line[low]);
    });
  const rows = heat.map(between);
  const columns = rows[0].map((_, column) => between(rows.map((row) => row[column])));
  return columns[0].map((_, row) => columns.map((column) => column[row]));
}

function clearHeat(over = find("heat")) {
  over.getContext("2d").clearRect(0, 0, over.width, over.height);
}
