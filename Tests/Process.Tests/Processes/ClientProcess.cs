namespace Quorleans.Processes.Tests.Processes;

/// <summary>What a run of the client executable came to.</summary>
/// <param name="Status">Its exit status.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
internal sealed record ClientRun(int Status, string Output, string Error)
{
    /// <summary>Standard error when it is one line, as it must be.</summary>
    public string OneErrorLine => Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>The client executable as a process of its own.</summary>
internal static class ClientProcess
{
    /// <summary>Starts a command that goes on for long.</summary>
    public static Task<ChildProcess> StartAsync(SiloSetup setup, params string[] arguments) =>
        ChildProcess.StartAsync(Programs.Client, [.. arguments, .. setup.ClientArguments]);

    /// <summary>Runs a command to its end.</summary>
    public static Task<ClientRun> RunAsync(SiloSetup setup, params string[] arguments) => RunAsync(Programs.Client, [.. arguments, .. setup.ClientArguments]);

    /// <summary>Runs the console with a script on its standard input.</summary>
    public static Task<ClientRun> RunScriptAsync(SiloSetup setup, string script) => RunAsync(Programs.Client, [.. setup.ClientArguments], script);

    /// <summary>Runs a client command on a cluster of processes.</summary>
    public static Task<ClientRun> ClientAsync(this ClusterProcesses cluster, params string[] arguments) => RunAsync(Programs.Client, [.. arguments, "--config", cluster.Config]);

    /// <summary>Runs a program, such as a shell that starts the client.</summary>
    public static async Task<ClientRun> RunAsync(string program, IReadOnlyList<string> arguments, string input = "")
    {
        await using ChildProcess process = await ChildProcess.StartAsync(program, arguments, input);
        int status = await process.WaitAsync();
        return new ClientRun(status, process.Output, process.Error);
    }
}
