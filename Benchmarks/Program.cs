using System.CommandLine;
using Quorleans.Benchmarks.Handoff;
using Quorleans.Benchmarks.MapReduce;
using Quorleans.Benchmarks.Overload;
using Quorleans.Benchmarks.Processes;

return await new RootCommand("Quorleans' measurements: each prints its figures beside the marks that they must meet, and ends with status 1 when one is missed.")
{
    new HandoffCommand(),
    new MapReduceCommand(),
    new OverloadCommand(),
    new CrowdCommand(),
    new ProcessesCommand(),
}.Parse(args).InvokeAsync();
