import { Service } from '/work/main/test/support/service.ts'
import { runCurbwatch } from '/work/main/test/support/process.ts'
const s = await Service.start()
let t=performance.now()
console.log(await runCurbwatch(['start'], {...s.env, CURBWATCH_DATA_DIR:'/tmp/cw-x1', CURBWATCH_MQTT_PORT:String(s.mqttPort)}), performance.now()-t)
t=performance.now()
console.log(await runCurbwatch(['start'], {...s.env, CURBWATCH_DATA_DIR:'/tmp/cw-x2', CURBWATCH_HTTP_PORT:new URL(s.http).port}), performance.now()-t)
t=performance.now()
console.log(await runCurbwatch(['start'], s.env), performance.now()-t)
console.log(await runCurbwatch(['start'], {...s.env,CURBWATCH_DATA_DIR:'/tmp/cw-x3', CURBWATCH_CITY_FILE:'/nonexistent'}), performance.now()-t)
console.log(await runCurbwatch(['start'], {...s.env,CURBWATCH_DATA_DIR:'/tmp/cw-x3', CURBWATCH_MQTTS_PORT:'0', CURBWATCH_TLS_CERT:'/nonexistent', CURBWATCH_TLS_KEY:'/nonexistent'}), performance.now()-t)
console.log(await runCurbwatch(['start'], {...s.env,CURBWATCH_DATA_DIR:'/proc/x'}), performance.now()-t)
await s.stop()
