// Finding a place by what people type: a part of its name or street, a kind of goods, or the first
// letters of the pinyin (bhlys finds 滨河路夜市).

const plain = (text) => text.toLowerCase().replaceAll(/\s+/g, "");

/** A function that tells whether the texts and initials of a place answer to the typed words. */
export const matcher = (typed) => {
  const words = typed.trim().split(/\s+/).map(plain).filter(Boolean);
  return (texts, initials) => words.every((one) =>
    texts.some((text) => plain(text).includes(one)) || initials.some((text) => text.includes(one)));
};
