using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Quorleans.MapReduce.Tasks.Workers;

namespace Quorleans.MapReduce.Worker;

/// <summary>
/// The way to the silo and back. It is what were standard input and output when the process began; what user code finds under these names is
/// nothing to read and, for both of its outputs, the attempt's log.
/// </summary>
internal sealed partial class Channel : IDisposable
{
    private const int StandardInput = 0;
    private const int StandardOutput = 1;
    private const int StandardError = 2;
    private const int DuplicateAndCloseOnExec = 1030;
    private const int ReadOnly = 0;
    private readonly Lock _writing = new();
    private readonly Stream _input;
    private readonly Stream _output;
    private readonly Stream _log;

    private Channel(Stream input, Stream output, Stream log) => (_input, _output, _log) = (input, output, log);

    /// <summary>Takes them from user code, before there is any.</summary>
    public static Channel TakeStandardStreams()
    {
        if (!OperatingSystem.IsLinux())
        {
            Channel channel = new(Console.OpenStandardInput(), Console.OpenStandardOutput(), Console.OpenStandardError());
            Console.SetIn(TextReader.Null);
            Console.SetOut(Console.Error);
            return channel;
        }

        // Native code and programs that user code starts know the numbers only.
        Stream input = Duplicate(StandardInput, FileAccess.Read);
        Stream output = Duplicate(StandardOutput, FileAccess.Write);
        int nothing = Open("/dev/null", ReadOnly);
        if (nothing < 0 || Replace(nothing, StandardInput) < 0 || Replace(StandardError, StandardOutput) < 0)
            throw new IOException($"the standard streams cannot be set: {Marshal.GetLastPInvokeErrorMessage()}");
        _ = Close(nothing);
        return new Channel(input, output, Duplicate(StandardError, FileAccess.Write));
    }

    /// <summary>Waits for what the silo says; false: it is gone.</summary>
    public bool TryRead(out WorkerFrame kind, out byte[] content) => WorkerFrames.TryRead(_input, out kind, out content);

    /// <summary>Tells the silo. When it is gone, whoever reads finds out.</summary>
    public void Send(WorkerFrame kind, ReadOnlySpan<byte> content)
    {
        try
        {
            lock (_writing) WorkerFrames.Write(_output, kind, content);
        }
        catch (IOException)
        {
            Surroundings.End();
        }
    }

    /// <summary>Writes a line behind everything that user code has written so far.</summary>
    public void EndOutput(string line)
    {
        Console.Out.Flush();
        Console.Error.Flush();
        _log.Write(Encoding.UTF8.GetBytes(line + "\n"));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _input.Dispose();
        _output.Dispose();
        _log.Dispose();
    }

    private static FileStream Duplicate(int stream, FileAccess access)
    {
        int own = Control(stream, DuplicateAndCloseOnExec, StandardError + 1);
        if (own < 0) throw new IOException($"the standard stream {stream} cannot be taken: {Marshal.GetLastPInvokeErrorMessage()}");
        return new FileStream(new SafeFileHandle(own, ownsHandle: true), access, bufferSize: 0);
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Replace(int from, int to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);
}
