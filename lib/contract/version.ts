/** The release that this code belongs to, as in package.json. Health and the API's description show it. */
export const VERSION = "0.1.0";
