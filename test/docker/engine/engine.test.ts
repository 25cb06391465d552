import { describeEngineContract } from '../../contract/container-engine.ts';
import { RealEngine } from '../support/real-engine.ts';

describeEngineContract('the Docker engine', new RealEngine());
