using System.Runtime.CompilerServices;

namespace Quorleans.Processes.Tests.Processes;

/// <summary>How the processes that tests start translate their code. They live for seconds: to watch code run, so as to translate it better later, costs a tenth of a start and never pays.</summary>
internal static class QuickStart
{
    [ModuleInitializer]
    internal static void Choose() => Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");
}
