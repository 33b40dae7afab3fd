// A post office needs so many people on each day. Everyone works five days in a row, then has two off. How few will do?
//   npm run example shift-scheduling
// Source: Winston, Operations Research: Applications and Algorithms (4th ed.), Section 3.5.
import { mipModel, solveMip, sum } from 'thalweg/mip'

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const
type Day = (typeof days)[number]
const needed: Record<Day, number> = {
  Monday: 17,
  Tuesday: 13,
  Wednesday: 15,
  Thursday: 19,
  Friday: 14,
  Saturday: 16,
  Sunday: 11,
}

/** Whether somebody who begins the week on `first` works on `day`. */
const works = (first: Day, day: Day): boolean => (days.indexOf(day) - days.indexOf(first) + 7) % 7 < 5

const model = mipModel('shift scheduling')
const begin = model.integer('begin', days)
model.subjectTo('enough people', days, (day) =>
  sum(
    days.filter((first) => works(first, day)),
    (first) => begin[first],
  ).greaterEqual(needed[day]),
)
model.minimize(sum(days, (day) => begin[day]))

export const solution = await solveMip(model)

console.log(solution.message)
console.log(`${solution.objective} people`)
for (const day of days) {
  const present = days
    .filter((first) => works(first, day))
    .reduce((total, first) => total + solution.value(begin[first]), 0)
  console.log(`${day.padEnd(10)} ${solution.value(begin[day])} begin, ${present} work, ${needed[day]} are needed`)
}
