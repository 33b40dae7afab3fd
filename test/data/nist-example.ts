/** A small file in the layout of the NIST nonlinear-regression datasets: y = 2*exp(-0.5*x) at five points, exactly. */
export function nistExample({ model = '               y = b1*exp[-b2*x]  +  e' } = {}): string {
  const rows = [0, 1, 2, 3, 4].map((x) => `      ${(2 * Math.exp(-0.5 * x)).toFixed(12)}E0      ${x}.0E0`)
  return `NIST/ITL StRD
Dataset Name:  Decay             (Decay.dat)

File Format:   ASCII
               Starting Values   (lines 20 to 21)
               Certified Values  (lines 20 to 26)

Data:          1 Response Variable  (y)
               1 Predictor Variable (x)
               5 Observations

Model:         Exponential Class
               2 Parameters (b1 and b2)

${model}


          Starting values                  Certified Values

        Start 1     Start 2           Parameter     Standard Deviation
  b1 =   1           1.8         2.0000000000E+00  1.0000000000E-10
  b2 =   1           0.4         5.0000000000E-01  1.0000000000E-10

Residual Sum of Squares:                    0.0000000000E+00
Residual Standard Deviation:                0.0000000000E+00
Degrees of Freedom:                                3
Number of Observations:                            5

Data:   y               x
${rows.join('\n')}
`
}
