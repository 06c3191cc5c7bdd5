using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Quorleans.Tests.Shared.Processes;

/// <summary>A process that this one started. It does not outlive it: disposing of it kills it, and so does the end of this process.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, Process> Alive = new();
    private const int MostKept = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly StreamWriter? _log;

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
    {
        foreach (Process process in Alive.Values) TryKill(process);
    };

    private ChildProcess(Process process, string? log)
    {
        _process = process;
        if (log is not null) _log = new StreamWriter(new FileStream(log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Add(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(_error, line.Data);
    }

    /// <summary>Its id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>What it has written to standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>What it has written to standard error so far.</summary>
    public string Error => Read(_error);

    /// <summary>Starts a process.</summary>
    /// <param name="program">Its executable.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="input">What it finds on standard input.</param>
    /// <param name="log">A file to which all that it writes is added, too.</param>
    /// <param name="environment">What it finds in its environment beside ours.</param>
    public static async Task<ChildProcess> StartAsync(
        string program, IEnumerable<string> arguments, string input = "", string? log = null, IReadOnlyDictionary<string, string>? environment = null)
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
        ChildProcess child = new(new Process { StartInfo = start }, log);
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

    /// <summary>SIGKILL, without waiting.</summary>
    public void KillNow() => TryKill(_process);

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

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        Alive.TryRemove(Id, out _);
        _process.Dispose();
        if (_log is not null) await _log.DisposeAsync();
    }

    /// <inheritdoc/>
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

    private void Add(StringBuilder to, string? line)
    {
        if (line is null) return;
        lock (to)
        {
            to.Append(line).Append('\n');
            // What is kept in memory is for messages about its end.
            if (_log is not null && to.Length > MostKept) to.Remove(0, to.Length - (MostKept / 2));
        }

        if (_log is null) return;
        lock (_log) _log.WriteLine(line);
    }

    private static string Read(StringBuilder from)
    {
        lock (from) return from.ToString();
    }
}
