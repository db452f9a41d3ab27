import { brokerConformance } from "../../../src/testing/conformance/broker-conformance.ts";
import { sqliteKind } from "./sqlite-kind.ts";

brokerConformance(sqliteKind);
