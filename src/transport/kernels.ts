/** The kernels of `assembly/transport.ts`; pointers are byte addresses, see there. */
export interface TransportKernels {
  transport_prepare(table: number): void
  transport_add_log(base: number, factor: number, x: number, out: number, count: number): void
  transport_softmin_rows(
    table: number,
    cost: number,
    rows: number,
    stride: number,
    y: number,
    eta: number,
    logA: number,
    old: number,
    x: number,
    softmin: number,
    damping: number,
    omega: number,
    scratch: number,
    columns: number,
  ): void
  transport_column_update(
    columns: number,
    y: number,
    logB: number,
    eta: number,
    damping: number,
    omega: number,
    out: number,
    count: number,
  ): number
  transport_column_maxima(cost: number, rows: number, stride: number, x: number, most: number): void
  transport_column_sums(
    table: number,
    cost: number,
    rows: number,
    stride: number,
    x: number,
    most: number,
    eta: number,
    sums: number,
  ): void
  transport_plan_rows(
    table: number,
    cost: number,
    rows: number,
    stride: number,
    x: number,
    y: number,
    eta: number,
    plan: number,
    planStep: number,
    rowSums: number,
    columns: number,
    withCost: number,
  ): number
  transport_scaling_rows(
    table: number,
    kernel: number,
    rows: number,
    stride: number,
    v: number,
    a: number,
    old: number,
    omega: number,
    s: number,
    u: number,
    columns: number,
  ): void
  transport_relax(
    table: number,
    sums: number,
    weights: number,
    old: number,
    omega: number,
    out: number,
    count: number,
  ): void
  transport_point_costs(
    metric: number,
    source: number,
    rows: number,
    dimension: number,
    target: number,
    columns: number,
    stride: number,
    out: number,
  ): void
  transport_cheapest(cost: number, stride: number, x: number, y: number, where: number): number
}
