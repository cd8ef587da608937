declare module "*.1" {
  const text: string;
  export default text;
}
