/**
 * Monomolecular adsorption: pressure and volume, measured for dental research at NIST. Dataset Misra1a of the NIST Statistical
 * Reference Datasets (public domain), with its certified answer.
 */
export const adsorption = {
  pressure: [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0],
  volume: [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78],
  certified: { b1: 2.3894212918e2, b2: 5.5015643181e-4 },
} as const

/**
 * The 23 flights of the space shuttle before its loss in January 1986: temperature of the joints at launch in degrees Fahrenheit,
 * and whether any O-ring showed thermal distress. Public record (Presidential Commission on the Space Shuttle Challenger
 * Accident, 1986); as tabulated by Dalal, Fowlkes and Hoadley, J. American Statistical Association 84 (1989), Table 1.
 */
export const shuttle = {
  temperature: [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58],
  distress: [0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1],
  /** The temperature on the morning of the last launch. */
  lastLaunch: 31,
} as const
