using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quorleans.TestApplications;

/// <summary>What user code can do to its process.</summary>
internal static class Misdeeds
{
    private static readonly List<byte[]> Kept = [];

    /// <summary>Does it.</summary>
    /// <param name="how">Its name.</param>
    /// <exception cref="InvalidOperationException">It is <c>throw</c>.</exception>
    public static void Do(string how)
    {
        switch (how)
        {
            case "none":
                break;
            case "exit":
                Environment.Exit(3);
                break;
            case "success":
                Environment.Exit(0);
                break;
            case "failfast":
                Environment.FailFast("the application gives up");
                break;
            case "overflow":
                Console.Error.WriteLine(Deeper(0));
                break;
            case "allocate":
                while (true) Kept.Add(new byte[1 << 20]);
            case "native":
                while (true) Fill(Marshal.AllocHGlobal(16 << 20), 16 << 20);
            case "loop":
                for (int i = 0; ; i++) Volatile.Write(ref s_count, i);
            case "sleep":
                Thread.Sleep(Timeout.Infinite);
                break;
            case "throw":
                throw new InvalidOperationException("the application does not like it");
            case "thread":
                new Thread(static () => throw new InvalidOperationException("thrown where nobody catches")).Start();
                Thread.Sleep(Timeout.Infinite);
                break;
            case "threads":
                for (int i = 0; i < 40; i++) new Thread(static () => Thread.Sleep(Timeout.Infinite)).Start();
                break;
            case "busy":
                new Thread(static () => Do("loop")) { IsBackground = true }.Start();
                break;
            case "print":
                Console.WriteLine("printed to standard output");
                Console.Error.WriteLine("printed to standard error");
                Console.OpenStandardOutput().Write("written to the stream\n"u8);
                Process.Start("/bin/sh", ["-c", "echo by another program; cat"]).WaitForExit();
                Console.Write("without an end" + Console.In.ReadToEnd());
                break;
            case "children":
                Process.Start("sleep", ["1000"]);
                Environment.Exit(4);
                break;
            case "garbage":
                for (int i = 0; i < 1000; i++) Console.OpenStandardOutput().Write([5, 0, 0, 0, 0]);
                break;
            default:
                throw new ArgumentException($"no misdeed is called {how}", nameof(how));
        }
    }

    private static int s_count;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Deeper(int depth) => depth < 0 ? 0 : Deeper(depth + 1) + Deeper(depth + 2);

    private static void Fill(nint memory, int bytes)
    {
        for (int i = 0; i < bytes; i += 4096) Marshal.WriteByte(memory, i, 1);
    }
}
