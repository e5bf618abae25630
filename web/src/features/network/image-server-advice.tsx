/** What owners do about an image server that cannot be used. */
export const ImageServerAdvice = () => (
  <p>
    Look on that machine whether the server runs, and whether its address, its key and the model are right in the
    agent’s file; restart the agent after a change. It goes on asking, and this goes away by itself.
  </p>
)
