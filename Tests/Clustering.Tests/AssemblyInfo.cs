using Quorleans.Tests.Shared;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(MachineLock))]
[assembly: Parallelization(Mode = ParallelMode.None)]
