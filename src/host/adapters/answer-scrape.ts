import { refuseMethod, renderText, splitTarget, type HttpAnswer } from '../../adapters/http/http-answer.ts';
import { EXPOSITION_TYPE } from '../../text/exposition.ts';

const METRICS = '/metrics';

/** The answer to a request; `render` is called only for a scrape. Throws what that throws. */
export function answerScrape(method: string, target: string, render: () => string): HttpAnswer {
  const refused = refuseMethod(method);
  if (refused !== undefined) return refused;
  if (splitTarget(target).path !== METRICS) return renderText(404, `not found; there is ${METRICS}`);
  return { status: 200, contentType: EXPOSITION_TYPE, body: render() };
}
