using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Quorleans.Processes.Tests.Processes;

/// <summary>A process that a test started. It never outlives the test: disposing of it kills it, and so does the end of the test run.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, Process> Alive = new();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
    {
        foreach (Process process in Alive.Values) TryKill(process);
    };

    private ChildProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Add(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(_error, line.Data);
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it has written to standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>What it has written to standard error so far.</summary>
    public string Error => Read(_error);

    /// <summary>Starts a process.</summary>
    /// <param name="program">Its executable.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="input">What it finds on standard input.</param>
    /// <param name="environment">What it finds in its environment beside ours.</param>
    public static async Task<ChildProcess> StartAsync(string program, IEnumerable<string> arguments, string input = "", IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            WorkingDirectory = Path.GetTempPath(),
        };

        // The tests' own surroundings must not change what is tested.
        foreach (string name in start.Environment.Keys.Where(static name => name.StartsWith("Quorleans__", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        ChildProcess child = new(new Process { StartInfo = start });
        child._process.Start();
        Alive[child.Id] = child._process;
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        try
        {
            await child._process.StandardInput.WriteAsync(input);
            child._process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it; its exit status and output tell.
        }

        return child;
    }

    /// <summary>SIGKILL: no code of the process runs any more. Returns when it is gone.</summary>
    public async Task KillAsync()
    {
        TryKill(_process);
        await WaitAsync();
    }

    /// <summary>Sends a signal.</summary>
    /// <param name="name">Such as <c>INT</c>.</param>
    public async Task SignalAsync(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits until it has ended and all of its output is here.</summary>
    /// <returns>Its exit status.</returns>
    public async Task<int> WaitAsync(TimeSpan? patience = null)
    {
        using CancellationTokenSource limit = new(patience ?? Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Path.GetFileName(_process.StartInfo.FileName)} ({Id}) has not ended within {patience ?? Patience}.\n{this}");
        }

        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        Alive.TryRemove(Id, out _);
        _process.Dispose();
    }

    public override string ToString() => $"-- stdout\n{Output}\n-- stderr\n{Error}";

    private static void TryKill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static void Add(StringBuilder to, string? line)
    {
        if (line is null) return;
        lock (to) to.Append(line).Append('\n');
    }

    private static string Read(StringBuilder from)
    {
        lock (from) return from.ToString();
    }
}
