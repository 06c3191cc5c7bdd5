namespace Quorleans.Simulation;

/// <summary>The simulated machine lost its power here. Code under test must let it through.</summary>
public sealed class SimulatedCrashException : Exception
{
    /// <summary>Creates the exception.</summary>
    public SimulatedCrashException() { }

    /// <summary>Creates the exception with a message.</summary>
    public SimulatedCrashException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public SimulatedCrashException(string message, Exception? inner) : base(message, inner) { }
}
